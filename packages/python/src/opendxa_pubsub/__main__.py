"""``python -m opendxa_pubsub danapath``: the folder for DANAPATH, with the module pubsub_client."""

import sys
from pathlib import Path


def main(arguments: list[str]) -> int:
    """Runs a command.

    Args:
        arguments: The command line without the program.

    Returns:
        The exit code.
    """
    if arguments != ["danapath"]:
        print("usage: python -m opendxa_pubsub danapath", file=sys.stderr)
        return 2
    print(Path(__file__).parent / "dana")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
