"""`python -m talkoot` is the `talkoot` command."""

from talkoot.cli.main import main

main()
