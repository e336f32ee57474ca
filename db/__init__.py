"""The floor: tables, transactions and queries. Imports nothing else of ours."""
