"""Servers that run while anyone uses them: `with use.shared(ENGINE, folder) as socket_dir: ...`.

`use` shares one server between all its users; `keeper` is the process that stops it after the last of them;
`engine` is what these two must be told about a kind of server. Standard library only.
"""
