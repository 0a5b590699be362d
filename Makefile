# Two commands are all a newcomer needs: make up, make test.
PORT ?= 8000
TALKOOT_HOME ?= .home
export PORT TALKOOT_HOME

.PHONY: install up test
install:
	@scripts/install
up: install
	@.venv/bin/talkoot up
