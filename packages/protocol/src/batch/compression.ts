import { createRequire } from "node:module";
import * as zlib from "node:zlib";
import { Codec } from "../gen/opendxa/pubsub/v1/batch.js";
import { BODIES_RAW_BYTES_MAX, ZSTD_WINDOW_LOG_MAX } from "../limits.js";
import { PubSubError } from "../pubsub-error.js";

interface Lz4 {
  compressSync(data: Uint8Array): Buffer;
  uncompressSync(data: Uint8Array): Buffer;
}

interface Compressor {
  compress(raw: Uint8Array): Uint8Array;
  decompress(bytes: Uint8Array, rawBytes: number): Uint8Array;
}

/** The binding writes the raw size in four bytes before the block; the contract has none there. */
const LZ4_PREFIX_BYTES = 4;
const FASTEST = 1;

/** Zstandard of node:zlib, which Node has from 22.15 on. */
interface Zstd {
  zstdCompressSync?: (raw: Uint8Array) => Buffer;
  zstdDecompressSync?: (
    bytes: Uint8Array,
    options: { maxOutputLength: number; params: Record<number, number>; info: true },
  ) => { buffer: Buffer; engine: { bytesWritten: number } };
}

/** ZSTD_d_windowLogMax of zstd.h; the constants of older Node lack it. */
const ZSTD_D_WINDOW_LOG_MAX = 100;

function loadLz4(): Compressor | undefined {
  let lz4: Lz4;
  try {
    lz4 = createRequire(import.meta.url)("lz4-napi") as Lz4;
  } catch {
    // No binary for this platform: CODEC_NOT_SUPPORTED names the codec to whoever asks for it.
    return undefined;
  }
  return {
    compress: (raw) => lz4.compressSync(raw).subarray(LZ4_PREFIX_BYTES),
    decompress: (bytes, rawBytes) => {
      const block = Buffer.allocUnsafe(LZ4_PREFIX_BYTES + bytes.length);
      block.writeUInt32LE(rawBytes);
      block.set(bytes, LZ4_PREFIX_BYTES);
      return lz4.uncompressSync(block);
    },
  };
}

function loadZstd(): Compressor | undefined {
  const { zstdCompressSync, zstdDecompressSync } = zlib as unknown as Zstd;
  if (zstdCompressSync === undefined || zstdDecompressSync === undefined) return undefined;
  return {
    compress: zstdCompressSync,
    decompress: (bytes, rawBytes) => {
      const { buffer, engine } = zstdDecompressSync(bytes, {
        maxOutputLength: rawBytes,
        params: { [ZSTD_D_WINDOW_LOG_MAX]: ZSTD_WINDOW_LOG_MAX },
        info: true,
      });
      // Node stops at the end of a frame and says nothing about what follows it.
      if (engine.bytesWritten !== bytes.length) throw new Error("bytes follow the frame");
      return buffer;
    },
  };
}

const gzip: Compressor = {
  compress: (raw) => zlib.gzipSync(raw, { level: FASTEST }),
  decompress: (bytes, rawBytes) => zlib.gunzipSync(bytes, { maxOutputLength: rawBytes }),
};

const none: Compressor = { compress: (raw) => raw, decompress: (bytes) => bytes };

const zstd = loadZstd();

let loadedLz4: { readonly compressor: Compressor | undefined } | undefined;

/** LZ4, loaded with its first use: a broker that has nothing to compress or open starts without it. */
function lz4(): Compressor | undefined {
  loadedLz4 ??= { compressor: loadLz4() };
  return loadedLz4.compressor;
}

function found(codec: Codec): Compressor | undefined {
  switch (codec) {
    case Codec.UNSPECIFIED:
      return none;
    case Codec.LZ4:
      return lz4();
    case Codec.ZSTD:
      return zstd;
    case Codec.GZIP:
      return gzip;
    default:
      // A peer may name a codec that this version does not know.
      return undefined;
  }
}

function compressorOf(codec: Codec): Compressor {
  const compressor = found(codec);
  if (compressor !== undefined) return compressor;
  throw PubSubError.of("CODEC_NOT_SUPPORTED", `codec ${codec} is not known here`, {
    metadata: { codec },
  });
}

/** Whether this runtime can write and read a codec, "not compressed" among them. */
export function isSupportedCodec(codec: Codec): boolean {
  return found(codec) !== undefined;
}

/** Codecs that this runtime can write and read, besides "not compressed". */
export function supportedCodecs(): readonly Codec[] {
  return [Codec.LZ4, Codec.ZSTD, Codec.GZIP].filter(isSupportedCodec);
}

/** Compresses bodies. @throws {@link PubSubError} CODEC_NOT_SUPPORTED */
export function compressBodies(raw: Uint8Array, codec: Codec): Uint8Array {
  return compressorOf(codec).compress(raw);
}

/**
 * Decompresses bodies to exactly `rawBytes`.
 *
 * @throws {@link PubSubError} CODEC_NOT_SUPPORTED; LIMIT_EXCEEDED when `rawBytes` is above
 * BODIES_RAW_BYTES_MAX; BATCH_MALFORMED when the bytes do not decompress to `rawBytes`
 */
export function decompressBodies(bytes: Uint8Array, codec: Codec, rawBytes: number): Uint8Array {
  const compressor = compressorOf(codec);
  if (rawBytes > BODIES_RAW_BYTES_MAX) {
    throw PubSubError.of("LIMIT_EXCEEDED", `bodies of ${rawBytes} bytes before compression`, {
      metadata: { field: "bodies_raw_bytes", limit: BODIES_RAW_BYTES_MAX, size: rawBytes },
    });
  }
  const rule = `bodies decompress to ${rawBytes} bytes`;
  let raw: Uint8Array;
  try {
    // A reader of zero bytes has nothing to be bounded by: every codec wants at least one.
    raw = compressor.decompress(bytes, Math.max(rawBytes, 1));
  } catch (cause) {
    throw PubSubError.of("BATCH_MALFORMED", rule, { metadata: { field: "bodies", rule }, cause });
  }
  if (raw.length === rawBytes) return raw;
  throw PubSubError.of("BATCH_MALFORMED", rule, { metadata: { field: "bodies", rule } });
}
