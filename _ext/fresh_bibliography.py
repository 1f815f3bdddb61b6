"""Write the bibliography anew at each build.

Which works it lists depends on all other pages, so Sphinx, which sees that the page itself did not
change, would leave it as it was and a new citation would lead nowhere.
"""


def setup(app):
    app.connect("env-updated", lambda app, env: ["chapters/bibliography"])
    return {"parallel_read_safe": True, "parallel_write_safe": True}
