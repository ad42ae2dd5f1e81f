# Completion of weir's commands, flags and files, for bash. Asks the program itself.

_weir() {
  local current=${COMP_WORDS[COMP_CWORD]} command=${COMP_WORDS[1]} flags
  # Bash splits --flag=value into three words.
  if [[ $current == "=" || ${COMP_WORDS[COMP_CWORD - 1]} == "=" ]]; then
    [[ $current == "=" ]] && current=
    mapfile -t COMPREPLY < <(compgen -f -- "$current")
  elif ((COMP_CWORD == 1)); then
    mapfile -t COMPREPLY < <(compgen -W "--help --version $("${COMP_WORDS[0]}" --help 2>/dev/null |
      sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p')" -- "$current")
  elif [[ $current == -* ]]; then
    flags=$("${COMP_WORDS[0]}" "$command" --help 2>/dev/null |
      grep -oE '^  --[a-z-]+=?' | tr -d ' ')
    mapfile -t COMPREPLY < <(compgen -W "--help $flags" -- "$current")
    [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *= ]] && compopt -o nospace
  else
    mapfile -t COMPREPLY < <(compgen -f -- "$current")
  fi
}
complete -o filenames -F _weir weir
