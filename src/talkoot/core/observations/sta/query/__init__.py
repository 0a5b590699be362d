"""The query language of SensorThings 1.1: what a request asks for, as a tree, and its meaning in SQL and in NumPy."""
