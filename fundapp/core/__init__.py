"""The ground floor: no grant nouns here, only what every room stands on."""
