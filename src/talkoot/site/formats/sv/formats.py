"""Swedish as Finland writes it: the same dates as in Finnish, the time after "kl."."""

DATE_FORMAT = "j F Y"
SHORT_DATE_FORMAT = "j.n.Y"
TIME_FORMAT = "G.i"
DATETIME_FORMAT = "j F Y \\k\\l. G.i"
SHORT_DATETIME_FORMAT = "j.n.Y \\k\\l. G.i"
FIRST_DAY_OF_WEEK = 1
