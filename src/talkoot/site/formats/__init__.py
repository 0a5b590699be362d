"""How dates and numbers are written, where Django's own way is not what people here expect."""
