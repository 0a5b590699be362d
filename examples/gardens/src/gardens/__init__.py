"""Community gardens: the smallest whole programme, to copy from."""
