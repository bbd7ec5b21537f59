"""The web process: the Streamlit dashboard and the HTTP routes beside it. Nothing here writes to the store."""
