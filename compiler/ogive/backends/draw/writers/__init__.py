"""A scene as the text of a drawing program."""
