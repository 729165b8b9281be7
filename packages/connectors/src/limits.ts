/**
 * Largest webhook body, bytes. An event carries at most 960 KiB and one journal entry holds the raw
 * body beside the mapped feedback and its match; half a MiB leaves room for them. PagerDuty drops
 * its own events above 256 KB and MLflow's largest field is a prompt of about 100 KB.
 */
export const webhookBodyBytesMax = 512 * 1024;

/** Deepest JSON nesting, levels. The providers use at most 6; deeper trees only cost stack. */
export const jsonDepthMax = 32;

/** Most JSON values (scalars, arrays and objects together) in one body. PagerDuty sends below 1,000. */
export const jsonValuesMax = 20_000;

/** Longest JSON string, UTF-16 units. MLflow allows prompt texts of 100,000 characters. */
export const jsonStringCharsMax = 256 * 1024;

/** Longest JSON member name, UTF-16 units. MLflow allows tag keys of 250 characters. */
export const jsonNameCharsMax = 512;

/** Longest path shown in an error's `field`, UTF-16 units: enough to find it, too short to abuse. */
export const errorFieldCharsMax = 200;

/** Longest entity, action or event type, characters; the name of an event type is at most 255 B. */
export const eventNameCharsMax = 100;

/** Longest identifier taken from a payload (names, versions, run ids, keys), UTF-16 units. */
export const identifierCharsMax = 512;

/** Longest delivery id, characters: it becomes the event's id, which is at most 128 B. */
export const deliveryIdCharsMax = 128;

/** Longest correlation or memory key, UTF-8 bytes: the contract's limit of a key. */
export const keyBytesMax = 1024;

/** Longest text copied into a feedback's context or a remembered tag, UTF-16 units. */
export const contextCharsMax = 1024;

/**
 * Longest comment copied into a feedback, UTF-16 units; the raw body keeps the rest. Every matching
 * execution gets a copy in the one entry that holds the raw body too.
 */
export const commentCharsMax = 8 * 1024;

/** Most tags remembered of one model or prompt version: memory is an index entry per version. */
export const memoryTagsMax = 16;

/** Most custom fields read from one PagerDuty incident; the product allows 30. */
export const customFieldsMax = 100;

/** Most secrets of one endpoint: rotation needs 2; each costs one HMAC over the body. */
export const secretsMax = 8;

/** Longest secret, UTF-16 units: above the block size of SHA-256 nothing is gained. */
export const secretCharsMax = 1024;

/** Most signatures looked at in one header; rotation sends 2. */
export const signaturesMax = 16;

/** Longest signature header, characters: {@link signaturesMax} signatures with room to spare. */
export const signatureHeaderCharsMax = 4096;

/**
 * Smallest signature window, ms. MLflow signs once and retries three times with the same timestamp,
 * each after a request timeout of at most 30 s and a backoff of at most 60 s.
 */
export const toleranceMsMin = 3 * (30_000 + 60_000);

/** Default signature window, ms: above {@link toleranceMsMin}, the usual five minutes. */
export const toleranceMsDefault = 5 * 60_000;

/** Largest signature window, ms. A longer one would outlive any reason but a wrong clock. */
export const toleranceMsMax = 60 * 60_000;

/** Longest value that can be a verdict, characters: one or two words. */
export const verdictCharsMax = 64;
