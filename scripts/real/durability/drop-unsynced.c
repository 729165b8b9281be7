// A disk that forgets what was not synced, for one process under LD_PRELOAD.
//
// Beside the real folder stands a shadow: `file-<inode>` holds the content of a file as of its last
// fsync or fdatasync, and what was written at a place since under O_DSYNC; `dir-<inode>` the names in
// a directory as of its last fsync. After a SIGKILL, the shadow is what a power cut would have left;
// `shadow.mjs` builds the folder from it.
//
//   DROP_FOLDER   absolute path of the folder that is watched
//   DROP_SHADOW   absolute path of the shadow, on the same file system
//   DROP_IGNORE   "fdatasync": it answers 0 and does nothing, and O_DSYNC counts for nothing, as in a
//                 build without them
//
// A sync copies under an exclusive lock and writes hold it shared, so that nothing that was written
// after the sync began reaches the shadow. Removed files keep a link in the shadow, so that their
// inode number is not given to another file.
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define COPY_BYTES (1 << 20)

static pthread_rwlock_t content = PTHREAD_RWLOCK_INITIALIZER;
static char folder[PATH_MAX];
static size_t folder_length;
static char shadow[PATH_MAX - 64];
static int ignores_fdatasync;

__attribute__((constructor)) static void begin(void) {
  const char *watched = getenv("DROP_FOLDER");
  const char *copies = getenv("DROP_SHADOW");
  const char *ignored = getenv("DROP_IGNORE");
  if (watched == NULL || copies == NULL) return;
  snprintf(folder, sizeof folder, "%s", watched);
  snprintf(shadow, sizeof shadow, "%s", copies);
  folder_length = strlen(folder);
  ignores_fdatasync = ignored != NULL && strcmp(ignored, "fdatasync") == 0;
}

static void give_up(const char *what) {
  char text[256];
  int length = snprintf(text, sizeof text, "drop-unsynced: %s: %s\n", what, strerror(errno));
  syscall(SYS_write, 2, text, (size_t)length);
  abort();
}

static int is_watched_path(const char *path) {
  return folder_length > 0 && strncmp(path, folder, folder_length) == 0 &&
         (path[folder_length] == '/' || path[folder_length] == '\0');
}

static int is_watched(int fd, struct stat *found) {
  char link[64], path[PATH_MAX];
  if (folder_length == 0 || fstat(fd, found) != 0) return 0;
  if (!S_ISREG(found->st_mode) && !S_ISDIR(found->st_mode)) return 0;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return 0;
  path[length] = '\0';
  return is_watched_path(path);
}

static void copy_file(int fd, const struct stat *found) {
  static char buffer[COPY_BYTES];
  char own[64], path[PATH_MAX];
  snprintf(own, sizeof own, "/proc/self/fd/%d", fd);
  snprintf(path, sizeof path, "%s/file-%lu", shadow, (unsigned long)found->st_ino);
  int from = open(own, O_RDONLY | O_CLOEXEC);
  int to = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  if (from < 0 || to < 0) give_up("a file cannot be copied");
  off_t at = 0;
  for (;;) {
    ssize_t got = pread(from, buffer, sizeof buffer, at);
    if (got < 0) give_up("a file cannot be read");
    if (got == 0) break;
    if (syscall(SYS_pwrite64, to, buffer, (size_t)got, at) != got) give_up("the shadow is full");
    at += got;
  }
  if (ftruncate(to, at) != 0) give_up("the shadow cannot be cut");
  close(from);
  close(to);
}

// What a write under O_DSYNC promises: the bytes that it wrote and nothing else.
static void copy_range(int fd, const struct stat *found, off_t at, ssize_t bytes) {
  static char buffer[COPY_BYTES];
  char own[64], path[PATH_MAX];
  snprintf(own, sizeof own, "/proc/self/fd/%d", fd);
  snprintf(path, sizeof path, "%s/file-%lu", shadow, (unsigned long)found->st_ino);
  int from = open(own, O_RDONLY | O_CLOEXEC);
  int to = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  if (from < 0 || to < 0) give_up("a written range cannot be copied");
  while (bytes > 0) {
    size_t wanted = bytes < COPY_BYTES ? (size_t)bytes : COPY_BYTES;
    ssize_t got = pread(from, buffer, wanted, at);
    if (got <= 0) give_up("a written range cannot be read");
    if (syscall(SYS_pwrite64, to, buffer, (size_t)got, at) != got) give_up("the shadow is full");
    at += got;
    bytes -= got;
  }
  close(from);
  close(to);
}

static void copy_directory(int fd, const struct stat *found) {
  char own[64], path[PATH_MAX], temporary[PATH_MAX];
  snprintf(own, sizeof own, "/proc/self/fd/%d", fd);
  snprintf(path, sizeof path, "%s/dir-%lu", shadow, (unsigned long)found->st_ino);
  snprintf(temporary, sizeof temporary, "%s/tmp-%lu", shadow, (unsigned long)found->st_ino);
  DIR *names = opendir(own);
  int to = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (names == NULL || to < 0) give_up("a directory cannot be copied");
  for (struct dirent *entry; (entry = readdir(names)) != NULL;) {
    char line[NAME_MAX + 64];
    struct stat of;
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
    if (fstatat(dirfd(names), entry->d_name, &of, AT_SYMLINK_NOFOLLOW) != 0) continue;
    int length = snprintf(line, sizeof line, "%c %lu %s\n", S_ISDIR(of.st_mode) ? 'd' : 'f',
                          (unsigned long)of.st_ino, entry->d_name);
    if (syscall(SYS_write, to, line, (size_t)length) != length) give_up("the shadow is full");
  }
  closedir(names);
  close(to);
  if (syscall(SYS_rename, temporary, path) != 0) give_up("the shadow cannot be renamed");
}

static void record(int fd) {
  struct stat found;
  int kept = errno;
  if (!is_watched(fd, &found)) return;
  pthread_rwlock_wrlock(&content);
  if (S_ISDIR(found.st_mode)) copy_directory(fd, &found);
  else copy_file(fd, &found);
  pthread_rwlock_unlock(&content);
  errno = kept;
}

static void record_range(int fd, off_t at, ssize_t bytes) {
  struct stat found;
  int kept = errno;
  int flags = fcntl(fd, F_GETFL);
  if (bytes <= 0 || ignores_fdatasync || flags < 0 || (flags & O_DSYNC) == 0) return;
  if (!is_watched(fd, &found)) return;
  pthread_rwlock_wrlock(&content);
  copy_range(fd, &found, at, bytes);
  pthread_rwlock_unlock(&content);
  errno = kept;
}

static void keep_inode(const char *path) {
  char kept[PATH_MAX];
  struct stat found;
  int before = errno;
  if (is_watched_path(path) && lstat(path, &found) == 0 && S_ISREG(found.st_mode)) {
    snprintf(kept, sizeof kept, "%s/kept-%lu", shadow, (unsigned long)found.st_ino);
    if (link(path, kept) != 0 && errno != EEXIST) give_up("a removed file cannot be kept");
  }
  errno = before;
}

static void *next(const char *name) {
  void *found = dlsym(RTLD_NEXT, name);
  if (found == NULL) give_up(name);
  return found;
}

// Calls the next definition of a function that writes, under the shared lock; `synced` follows it.
#define WRITES(name, parameters, arguments, synced)                  \
  ssize_t name parameters {                                          \
    static ssize_t(*real) parameters;                                \
    struct stat found;                                               \
    if (real == NULL) real = (ssize_t(*) parameters)next(#name);     \
    if (!is_watched(fd, &found)) return real arguments;              \
    pthread_rwlock_rdlock(&content);                                 \
    ssize_t done = real arguments;                                   \
    int kept = errno;                                                \
    pthread_rwlock_unlock(&content);                                 \
    synced;                                                          \
    errno = kept;                                                    \
    return done;                                                     \
  }

#define AT_ITS_PLACE record_range(fd, at, done)
#define AT_THE_END (void)0

WRITES(write, (int fd, const void *from, size_t size), (fd, from, size), AT_THE_END)
WRITES(pwrite, (int fd, const void *from, size_t size, off_t at), (fd, from, size, at),
       AT_ITS_PLACE)
WRITES(pwrite64, (int fd, const void *from, size_t size, off64_t at), (fd, from, size, at),
       AT_ITS_PLACE)
WRITES(writev, (int fd, const struct iovec *parts, int count), (fd, parts, count), AT_THE_END)
WRITES(pwritev, (int fd, const struct iovec *parts, int count, off_t at), (fd, parts, count, at),
       AT_ITS_PLACE)
WRITES(pwritev64, (int fd, const struct iovec *parts, int count, off64_t at),
       (fd, parts, count, at), AT_ITS_PLACE)

int fsync(int fd) {
  static int (*real)(int);
  if (real == NULL) real = (int (*)(int))next("fsync");
  record(fd);
  return real(fd);
}

int fdatasync(int fd) {
  static int (*real)(int);
  struct stat found;
  if (real == NULL) real = (int (*)(int))next("fdatasync");
  if (ignores_fdatasync && is_watched(fd, &found)) return 0;
  record(fd);
  return real(fd);
}

int unlink(const char *path) {
  static int (*real)(const char *);
  if (real == NULL) real = (int (*)(const char *))next("unlink");
  keep_inode(path);
  return real(path);
}

int rename(const char *from, const char *to) {
  static int (*real)(const char *, const char *);
  if (real == NULL) real = (int (*)(const char *, const char *))next("rename");
  keep_inode(to);
  return real(from, to);
}
