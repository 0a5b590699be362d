"""Where 5G transmitters on light poles reach, and which poles to choose: plain functions on arrays.

Coordinates are metres in any projected system, heights metres above the ground, losses decibels, bit rates
megabits per second. Nothing here knows of a database: a notebook or a shell can call it as well.

- `path_loss`: how much of the signal a street takes (3GPP TR 38.901).
- `link_budget`: from transmitted power to bit rate, and back to the loss a bit rate bears.
- `prisms`: buildings as upright prisms in arrays, with a grid over their walls.
- `line_of_sight`: which places a lamp sees past the buildings.
- `outdoor`: the places outdoors that a plan should serve.
- `coverage`: the links between lamps and places, and the share of places they serve, with its uncertainty.
- `beside`: what the places beside each building have.
- `patches`: grid values as areas for a map.
- `set_cover`, `heuristics`, `siting`: the fewest lamps that serve the share asked for, with a proven bound.
"""
