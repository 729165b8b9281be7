/** Topics whose matches are remembered: all that a namespace may have; about 150 bytes each. */
export const cachedTopicsMax = 131_072;
