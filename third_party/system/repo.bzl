"""A repository made of the distribution's own packages.

Debian keeps headers in /usr/include, which the C++ toolchain treats as built
in, so a library needs only a target that carries link options, and pkg-config
knows those for each distribution. The labels are the ones upstream uses: code
that depends on `@com_google_absl//absl/time` builds the same from upstream's
sources.

To add a library, add its package to tools/setup and a repository to WORKSPACE:

    system_repository(
        name = "zlib",
        libraries = {"//:zlib": "zlib"},
    )

The second name is pkg-config's: `pkg-config --list-all` has them all, and
`dpkg -L zlib1g-dev | grep pc$` those of a package.
"""

def _run_pkg_config(ctx, label, modules):
    """Returns the link options of pkg-config modules, for the target `label`."""
    target = "@" + ctx.name + label
    pkg_config = ctx.which("pkg-config")
    if not pkg_config:
        fail("%s needs pkg-config, which is not installed: run tools/setup" % target)
    result = ctx.execute([pkg_config, "--libs"] + modules)
    if result.return_code != 0:
        fail("%s needs a library that is not installed: run tools/setup\n%s" %
             (target, result.stderr))
    return [option for option in result.stdout.strip().split(" ") if option]

def _cc_library(ctx, label, modules):
    return """
cc_library(
    name = {name},
    linkopts = {linkopts},
    visibility = ["//visibility:public"],
)
""".format(
        name = repr(label.split(":")[1]),
        linkopts = repr(_run_pkg_config(ctx, label, modules)),
    )

def _system_repository_impl(ctx):
    ctx.file("WORKSPACE", 'workspace(name = "%s")\n' % ctx.name)
    for path, target in ctx.attr.host_files.items():
        ctx.symlink(target, path)
    files = {
        path: ctx.read(Label(label))
        for path, label in ctx.attr.overlay.items()
    }
    for label, modules in ctx.attr.libraries.items():
        package = label[len("//"):].split(":")[0]
        path = package + "/BUILD.bazel" if package else "BUILD.bazel"
        files[path] = files.get(path, "") + _cc_library(ctx, label, modules.split(" "))
    for path, content in files.items():
        ctx.file(path, content, executable = False)

system_repository = repository_rule(
    implementation = _system_repository_impl,
    local = True,
    environ = ["PKG_CONFIG_PATH"],
    attrs = {
        # Label in the repository -> names of pkg-config modules, divided by blanks.
        "libraries": attr.string_dict(),
        # Path in the repository -> label of the file that stands there. Libraries
        # of the same package are appended.
        "overlay": attr.string_dict(),
        # Path in the repository -> absolute path on the host.
        "host_files": attr.string_dict(),
    },
)
