# shellcheck shell=bash
# Completion of intacct-mock for bash; in zsh after `autoload -U bashcompinit && bashcompinit`. The program itself is
# asked for its commands, options, scenarios and causes, so this is never older than it.
_intacct_mock() {
    local program=${COMP_WORDS[0]} word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} command=serve words
    [[ $COMP_CWORD -gt 1 && ${COMP_WORDS[1]} != -* ]] && command=${COMP_WORDS[1]}
    COMPREPLY=()
    case $before in
    --scenario) words=$("$program" scenarios 2>/dev/null | sed -nE 's/^  ([a-z0-9-]+) .*/\1/p') ;;
    --scenarios | --ca-dir | --artifacts) mapfile -t COMPREPLY < <(compgen -d -- "$word") && return ;;
    --*file | --cert | --key | --verdict | --junit | --client-ca) mapfile -t COMPREPLY < <(compgen -f -- "$word") && return ;;
    esac
    if [[ -z $words && $word == -* ]]; then
        words=$("$program" "$command" --help 2>/dev/null | grep -oE '^ +--[a-z-]+' | tr -d ' ')
    elif [[ -z $words && $COMP_CWORD -eq 1 ]]; then
        words=$("$program" --help 2>/dev/null | sed -nE 's/^  intacct-mock ([a-z]+).*/\1/p')
    elif [[ -z $words && $command == scenarios ]]; then
        words=$("$program" scenarios 2>/dev/null | sed -nE 's/^  ([a-z0-9-]+) .*/\1/p')
    elif [[ -z $words && $command == causes ]]; then
        words=$("$program" causes 2>/dev/null | sed -nE 's/^  ([a-z0-9-]+) .*/\1/p')
    elif [[ -z $words && $command == check ]]; then
        mapfile -t COMPREPLY < <(compgen -f -- "$word") && return
    fi
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}
complete -F _intacct_mock intacct-mock
