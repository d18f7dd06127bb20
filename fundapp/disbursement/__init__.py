"""Awards, letters and exports of decisions."""
