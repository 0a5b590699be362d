"""Level of service between zones: what a journey takes on foot, by bicycle and by public transport."""
