"""What smart poles carry: their kinds, what they measure, and devices that are played for the demo city."""
