"""What users hold: computed results with their views."""
