"""A repository made of the distribution's own packages.

Debian keeps headers in /usr/include, which the C++ toolchain treats as built
in, so a repository needs only BUILD files whose targets carry link options.
The labels are the ones upstream uses: code that depends on
`@com_google_absl//absl/time` builds the same from upstream's sources.
"""

def _system_repository_impl(ctx):
    ctx.file("WORKSPACE", 'workspace(name = "%s")\n' % ctx.name)
    for path, label in ctx.attr.overlay.items():
        ctx.symlink(ctx.path(Label(label)), path)
    for path, target in ctx.attr.host_files.items():
        ctx.symlink(target, path)

system_repository = repository_rule(
    implementation = _system_repository_impl,
    local = True,
    attrs = {
        # Path in the repository -> label of the file that stands there.
        "overlay": attr.string_dict(),
        # Path in the repository -> absolute path on the host.
        "host_files": attr.string_dict(),
    },
)
