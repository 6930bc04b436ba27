"""Everything that makes a fresh machine work: see README.md beside this folder."""
