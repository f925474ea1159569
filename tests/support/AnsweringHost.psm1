#Requires -Version 7.4
<#
A PowerShell with somebody at it: a runspace whose host answers questions as it was told, and keeps what was asked and shown.
#>
Set-StrictMode -Version 3.0

if (-not ('AnsweringHost.TestHost' -as [type])) {
    Add-Type -WarningAction SilentlyContinue -TypeDefinition @'
using System;
using System.Collections.Generic;
using System.Collections.ObjectModel;
using System.Globalization;
using System.Management.Automation;
using System.Management.Automation.Host;
using System.Security;

namespace AnsweringHost
{
    public sealed class TestHost : PSHost
    {
        private readonly Guid id = Guid.NewGuid();
        private readonly Screen screen;
        public TestHost(string[] answers) { screen = new Screen(answers); }
        public List<string> Questions { get { return screen.Questions; } }
        public List<string> Lines { get { return screen.Lines; } }
        public override Guid InstanceId { get { return id; } }
        public override string Name { get { return "AnsweringHost"; } }
        public override Version Version { get { return new Version(1, 0); } }
        public override CultureInfo CurrentCulture { get { return CultureInfo.InvariantCulture; } }
        public override CultureInfo CurrentUICulture { get { return CultureInfo.InvariantCulture; } }
        public override PSHostUserInterface UI { get { return screen; } }
        public override void EnterNestedPrompt() { throw new NotSupportedException(); }
        public override void ExitNestedPrompt() { throw new NotSupportedException(); }
        public override void NotifyBeginApplication() { }
        public override void NotifyEndApplication() { }
        public override void SetShouldExit(int exitCode) { }
    }

    internal sealed class Screen : PSHostUserInterface
    {
        private readonly Queue<string> answers;
        internal readonly List<string> Questions = new List<string>();
        internal readonly List<string> Lines = new List<string>();
        internal Screen(string[] answers) { this.answers = new Queue<string>(answers); }
        public override PSHostRawUserInterface RawUI { get { return null; } }

        public override int PromptForChoice(string caption, string message, Collection<ChoiceDescription> choices, int defaultChoice)
        {
            Questions.Add(message);
            if (answers.Count == 0) { throw new InvalidOperationException("Nobody was told to answer: " + message); }
            string answer = answers.Dequeue();
            for (int i = 0; i < choices.Count; i++)
            {
                if (choices[i].Label.Replace("&", string.Empty).Equals(answer, StringComparison.OrdinalIgnoreCase)) { return i; }
            }

            throw new InvalidOperationException("There is no choice " + answer);
        }

        public override Dictionary<string, PSObject> Prompt(string caption, string message, Collection<FieldDescription> descriptions) { throw new NotSupportedException(); }
        public override PSCredential PromptForCredential(string caption, string message, string userName, string targetName) { throw new NotSupportedException(); }
        public override PSCredential PromptForCredential(string caption, string message, string userName, string targetName, PSCredentialTypes types, PSCredentialUIOptions options) { throw new NotSupportedException(); }
        public override string ReadLine() { throw new NotSupportedException(); }
        public override SecureString ReadLineAsSecureString() { throw new NotSupportedException(); }
        public override void Write(string value) { Lines.Add(value); }
        public override void Write(ConsoleColor foreground, ConsoleColor background, string value) { Lines.Add(value); }
        public override void WriteLine(string value) { Lines.Add(value); }
        public override void WriteDebugLine(string message) { }
        public override void WriteErrorLine(string value) { }
        public override void WriteProgress(long sourceId, ProgressRecord record) { }
        public override void WriteVerboseLine(string message) { }
        public override void WriteWarningLine(string message) { }
    }
}
'@
}

<#
.SYNOPSIS
Runs a script in a PowerShell of its own, with the module under test, in front of somebody who answers its questions.
.DESCRIPTION
Returns what it put out, its errors, what was asked and what was shown. Connections belong to the process, so it has those of the caller.
#>
function Invoke-WithAnswer {
    [CmdletBinding()]
    param(
        [Parameter(Mandatory)] [string] $Script,
        # One for each question: the label of a choice.
        [string[]] $Answers = @()
    )

    $testHost = [AnsweringHost.TestHost]::new($Answers)
    $runspace = [runspacefactory]::CreateRunspace($testHost)
    $runspace.Open()
    $shell = [powershell]::Create($runspace)
    try {
        $null = $shell.AddCommand('Import-Module').AddParameter('Name', $env:EXORS_MODULE).Invoke()
        $shell.Commands.Clear()
        $output = $shell.AddScript($Script).Invoke()
        [pscustomobject]@{
            Output    = @($output)
            Errors    = @($shell.Streams.Error)
            Questions = @($testHost.Questions)
            Lines     = @($testHost.Lines)
        }
    }
    finally {
        $shell.Dispose()
        $runspace.Dispose()
    }
}

Export-ModuleMember -Function Invoke-WithAnswer
