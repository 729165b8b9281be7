"""CRC-32C, and the partition that follows from it."""

import google_crc32c


def crc32c(data: bytes) -> int:
    """CRC-32C (Castagnoli) of bytes."""
    return int(google_crc32c.value(data))


def partition_for_key(key: str, partitions: int) -> int:
    """Partition of an ordering key: CRC-32C of its UTF-8, modulo the number of partitions.

    Args:
        key: The ordering key.
        partitions: Number of partitions of the topic, from 1.

    Returns:
        The partition, 0 to ``partitions - 1``.
    """
    if partitions == 1:
        return 0
    return crc32c(key.encode()) % partitions
