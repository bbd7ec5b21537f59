"""The store: SQLAlchemy and Alembic live here and in `migrations/`, and nowhere else.

Stages above ask for rows through the functions of this package and get frozen values of `staycurrent.types` back.
"""
