"""Collecting: source row → bytes → `ParsedItem` → keys → decision → rows. Siblings meet it only through the store."""
