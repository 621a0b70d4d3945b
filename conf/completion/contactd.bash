# Completion of contactd, contactctl and zonegen for bash. It knows none of their commands: it reads
# what each says about itself with --help, so it cannot be out of date. Zones and remotes are asked
# of a running contactd. In zsh: autoload bashcompinit && bashcompinit, then source this file.

# The alternatives of a word of the usage: "[error|warning]" gives error and warning.
_contactd_alternatives() {
    local word=$1
    word=${word//[\[\]]/}
    printf '%s\n' ${word//|/ }
}

# What may stand for an operand: its alternatives, or what its name in the usage stands for.
_contactd_operand() {
    local options=$1 operand=$2
    case $operand in
    *[a-z]*) _contactd_alternatives "$operand" ;;
    *PATH* | *FILE* | *DIR*) compgen -f -- "${COMP_WORDS[COMP_CWORD]}" ;;
    *ZONE*) contactctl $options status 2>/dev/null | sed -n 's/^zone \([^:]*\): .*/\1/p' ;;
    ID*)
        contactctl $options secondaries 2>/dev/null |
            sed -n 's/^[^ ][^ ]* \([^ ]*\) .*/\1/p' | sort -u
        ;;
    *REMOTE*)
        contactctl $options secondaries "$_contactd_last" 2>/dev/null |
            sed -n 's/^[^ ][^ ]* \([^ ]*\) .*/\1/p' | sort -u
        ;;
    esac
}

# Takes which options of a line of the usage have a value, and which: fills taking.
_contactd_values() {
    local -a words=($1)
    local word option=''
    for word in "${words[@]:1}"; do
        case $word in
        \[-* | -*) option=${word#\[} ;;
        '|') ;;
        *)
            [[ -z $option || $option == *] ]] || taking[$option]=$word
            option=''
            ;;
        esac
    done
}

# Takes one line of the usage: fills the arrays of _contactd, which the typed words are in, too.
_contactd_line() {
    local -a path=() operands=() words=($1)
    local word bracket='' i
    local -a given=() named=()
    for word in "${words[@]:1}"; do
        case $word in
        '|') continue ;;
        \[-* | -*)
            given+=($(_contactd_alternatives "$word"))
            case $word in *]) bracket='' ;; \[*) bracket=yes ;; esac
            ;;
        *)
            if [[ -n $bracket ]]; then
                # The value of the option before it.
                [[ ${given[-1]} == "$_contactd_previous" ]] &&
                    named+=($(_contactd_operand '' "$word"))
                [[ $word == *] ]] && bracket=''
            elif [[ $word =~ ^[a-z]+$ && ${#operands[@]} -eq 0 ]]; then
                path+=("$word")
            else
                operands+=("$word")
            fi
            ;;
        esac
    done
    for ((i = 0; i < ${#typed[@]} && i < ${#path[@]}; i++)); do
        [[ ${typed[i]} == "${path[i]}" ]] || return
    done
    # A line without a command is about the program alone.
    ((${#path[@]} > 0 || ${#typed[@]} == 0)) || return
    options+=("${given[@]}") values+=("${named[@]}")
    if ((${#typed[@]} < ${#path[@]})); then
        commands+=("${path[${#typed[@]}]}")
    elif ((${#operands[@]} > 0)); then
        i=$((${#typed[@]} - ${#path[@]}))
        ((i < ${#operands[@]})) || i=$((${#operands[@]} - 1))
        [[ ${operands[i]} == *...* ]] && ((i > 0)) && i=$((i - 1))
        ((i >= ${#typed[@]} - ${#path[@]})) || [[ ${operands[-1]} == *...* ]] || return
        commands+=($(_contactd_operand "$passed" "${operands[i]}"))
    fi
}

_contactd() {
    local program=${COMP_WORDS[0]} current=${COMP_WORDS[COMP_CWORD]}
    local _contactd_previous=${COMP_WORDS[COMP_CWORD - 1]} _contactd_last='' passed='' line i
    local -a usage=() typed=() commands=() options=() values=()
    local -A taking=([--config]=FILE)
    COMPREPLY=()
    while read -r line; do
        [[ ${line#usage: } == "${program##*/} "* ]] || continue
        usage+=("${line#usage: }")
        _contactd_values "${line#usage: }"
    done < <("$program" --help 2>/dev/null)
    for ((i = 1; i < COMP_CWORD; i++)); do
        case ${COMP_WORDS[i]} in
        -c | --config | --socket) passed+=" ${COMP_WORDS[i]} ${COMP_WORDS[++i]}" ;;
        -*) [[ -z ${taking[${COMP_WORDS[i]}]-} ]] || ((++i)) ;;
        *) typed+=("${COMP_WORDS[i]}") _contactd_last=${COMP_WORDS[i]} ;;
        esac
    done
    for line in "${usage[@]}"; do
        _contactd_line "$line"
    done
    case ${taking[$_contactd_previous]-} in
    '') ;;
    *[a-z]*)
        COMPREPLY=($(compgen -W "${values[*]}" -- "$current"))
        return
        ;;
    *)
        values=($(_contactd_operand "$passed" "${taking[$_contactd_previous]}"))
        COMPREPLY=($(compgen -W "${values[*]}" -- "$current"))
        return
        ;;
    esac
    if [[ $current == -* ]]; then
        COMPREPLY=($(compgen -W "${options[*]}" -- "$current"))
    else
        COMPREPLY=($(compgen -W "${commands[*]}" -- "$current"))
    fi
}

complete -o filenames -F _contactd contactd contactctl zonegen
