"""A program as a release has it, whatever the tests are compiled with."""

def _transition_impl(settings, attr):
    return {
        "//command_line_option:compilation_mode": "opt",
        # As --config=opt.
        "//command_line_option:copt": ["-O3", "-DNDEBUG"],
    }

_transition = transition(
    implementation = _transition_impl,
    inputs = [],
    outputs = [
        "//command_line_option:compilation_mode",
        "//command_line_option:copt",
    ],
)

def _optimised_binary_impl(ctx):
    program = ctx.actions.declare_file(ctx.label.name)
    ctx.actions.symlink(
        output = program,
        target_file = ctx.executable.binary,
        is_executable = True,
    )
    return [DefaultInfo(
        executable = program,
        runfiles = ctx.runfiles(files = [ctx.executable.binary]),
    )]

optimised_binary = rule(
    implementation = _optimised_binary_impl,
    attrs = {
        "binary": attr.label(executable = True, cfg = _transition, mandatory = True),
        "_allowlist_function_transition": attr.label(
            default = "@bazel_tools//tools/allowlists/function_transition_allowlist",
        ),
    },
    executable = True,
    doc = "`binary`, compiled with --config=opt's flags.",
)
