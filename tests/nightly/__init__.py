"""The proofs that take long: ``python -m tests.nightly`` runs them in full; ordinary tests run a share with the same code."""
