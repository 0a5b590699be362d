"""Imports: files of a source read into the register, again and again, so that it says what the source says."""

from talkoot.core.register.importing.guess import Description, describe, guess_mapping
from talkoot.core.register.importing.mapping import load_mapping
from talkoot.core.register.importing.run import import_file

__all__ = ["Description", "describe", "guess_mapping", "import_file", "load_mapping"]
