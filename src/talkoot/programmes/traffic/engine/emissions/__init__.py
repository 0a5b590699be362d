"""What traffic emits: speed functions of the EMEP/EEA guidebook, an energy model for CO2, and how far they are off."""
