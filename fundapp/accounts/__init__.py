"""People, organisations, roles, permissions and sign-in."""
