"""Which assets of different sources are one coin: pure rules, and the pass that applies them to the database."""
