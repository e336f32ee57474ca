"""How well coins are told apart: labelled pairs, made up and recorded, and what the rules make of them."""
