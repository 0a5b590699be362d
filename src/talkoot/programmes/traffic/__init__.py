"""Low-emission traffic: where traffic and its emissions are, and what would change them."""
