"""Bitmaps of a batch's events: bit i in byte i // 8, least significant first."""

from collections.abc import Iterator


def is_selected(bitmap: bytes, index: int) -> bool:
    """Whether the bit of an event is set; beyond the end it is not."""
    byte = index >> 3
    return byte < len(bitmap) and bool(bitmap[byte] >> (index & 7) & 1)


def indexes_of(bitmap: bytes) -> Iterator[int]:
    """The indexes whose bits are set, ascending."""
    for position, byte in enumerate(bitmap):
        rest = byte
        while rest:
            low = rest & -rest
            yield position * 8 + low.bit_length() - 1
            rest ^= low


def ranges_of(indexes: list[int]) -> list[tuple[int, int]]:
    """Ascending indexes as ranges of first and last."""
    ranges: list[tuple[int, int]] = []
    for index in indexes:
        if ranges and ranges[-1][1] == index - 1:
            ranges[-1] = (ranges[-1][0], index)
        else:
            ranges.append((index, index))
    return ranges
