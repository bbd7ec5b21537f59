"""The HTTP API (`/api/v1`) and the feeds (`/feeds`): read-only, without Streamlit, one answer for one query.

`routes` hangs both up. Every answer goes the same way: parameters are checked (`parameters`), a reader asks the store in
a thread (`reads`, `feeds`), the answer is kept until something is written (`keeping`), and what the client has already
is not sent again (`answers`). What is refused is a problem document (`problems`).
"""
