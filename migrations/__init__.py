"""Alembic migrations; shipped with the product so that `staycurrent migrate` works from any folder."""
