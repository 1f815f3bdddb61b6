"""The book on paper: the built site as one typeset PDF."""
