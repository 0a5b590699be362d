"""The process that writes readings: `python -m talkoot.site.observer`. It reads the environment only, not Django."""

from __future__ import annotations

import asyncio
import logging
import sys

from talkoot.core.base.lake import lake_at
from talkoot.core.observations.store.writer import serve
from talkoot.site.environment import Environment


def main() -> None:
    """Serve the store of this home until stopped; exit code 3 where another process does."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    environment = Environment.read()
    try:
        asyncio.run(serve(environment.home, lake_at(environment.lake)))
    except BlockingIOError:
        logging.getLogger("talkoot.observer").error("another process writes the readings of %s", environment.home)
        sys.exit(3)


if __name__ == "__main__":
    main()
