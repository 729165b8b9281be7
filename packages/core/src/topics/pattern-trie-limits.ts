/**
 * Topics whose matches are remembered, about 150 bytes each. The newer half is kept when the older
 * one is forgotten, so it must hold every topic of a namespace alone.
 */
export const cachedTopicsMax = 262_144;
