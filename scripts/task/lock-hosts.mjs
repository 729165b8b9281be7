const PUBLIC = new Set(["registry.npmjs.org", "pypi.org", "files.pythonhosted.org"]);

/** Hosts in a lock file's text that are not a public default registry. */
export function foreignHosts(text) {
  const hosts = [...text.matchAll(/\b(?:https?|git|ssh):\/\/(?:[^\s/@'"]*@)?([^\s/'":]+)/g)].map(
    ([, host]) => host,
  );
  return [...new Set(hosts)].filter((host) => !PUBLIC.has(host));
}
