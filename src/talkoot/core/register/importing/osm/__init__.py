"""OpenStreetMap's PBF files: surveyed once for wholeness and junctions, then read object by object."""
