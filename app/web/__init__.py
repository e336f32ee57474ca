"""Everything HTTP: middleware, errors, the REST routes, the graph's route, health, metrics and their description."""
