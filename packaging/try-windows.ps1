# Tries supervisord on a real Windows: install, add, crash, upgrade, remove. Prints a line for each
# step and exits with the number of those that failed.
#
#   powershell -ExecutionPolicy Bypass -File packaging\try-windows.ps1 [-Programs FOLDER]
#
# FOLDER holds supervisord.exe and svcctl.exe. Needs a prompt that runs as administrator. Everything
# happens below a folder of its own and under a service name of its own; both are gone afterwards.
param([string]$Programs = "target\release")

Set-StrictMode -Version Latest
$ErrorActionPreference = "Stop"
$script:Failed = 0
$Name = "supervisord-try"
$Base = Join-Path $env:ProgramData "supervisord-try"
$Bin = Join-Path $Base "bin"
$Daemon = Join-Path $Bin "supervisord.exe"
$Client = Join-Path $Bin "svcctl.exe"

function Step([string]$What, [scriptblock]$Try) {
    try {
        $why = & $Try
        if ($why) { throw "$why" }
        Write-Host "pass  $What"
    } catch {
        $script:Failed++
        Write-Host "FAIL  ${What}: $_"
    }
}

# Runs a program; its words are the answer, its exit code is checked.
function Run([string]$Program, [string[]]$Arguments, [int]$Code = 0) {
    $before = $ErrorActionPreference
    $ErrorActionPreference = "Continue"
    try { $words = (& $Program @Arguments 2>&1 | Out-String).Trim() } finally { $ErrorActionPreference = $before }
    if ($LASTEXITCODE -ne $Code) { throw "$Program $Arguments exited with ${LASTEXITCODE}: $words" }
    $words
}

function Svcctl([string[]]$Arguments, [int]$Code = 0) { Run $Client (@("--base", $Base) + $Arguments) $Code }
function Supervisord([string]$Verb, [int]$Code = 0) { Run $Daemon @($Verb, "--base", $Base, "--name", $Name) $Code }
function Row([string]$Label) { Svcctl @("list", "--json") | ConvertFrom-Json | ForEach-Object { $_ } | Where-Object { $_.label -eq $Label } }
function DaemonPid { [int](Svcctl @("ping", "--json") | ConvertFrom-Json).pid }
function Await([string]$What, [scriptblock]$Condition, [int]$Seconds = 30) {
    $end = (Get-Date).AddSeconds($Seconds)
    while ((Get-Date) -lt $end) {
        $holds = $false
        try { $holds = [bool](& $Condition) } catch { $holds = $false }
        if ($holds) { return }
        Start-Sleep -Milliseconds 100
    }
    throw "waited $Seconds s in vain for $What"
}

$identity = [Security.Principal.WindowsPrincipal][Security.Principal.WindowsIdentity]::GetCurrent()
if (-not $identity.IsInRole([Security.Principal.WindowsBuiltInRole]::Administrator)) {
    Write-Host "this needs a prompt that runs as administrator"
    exit 99
}
if (Test-Path $Base) { Write-Host "$Base is there already; remove it first"; exit 99 }

$shell = Join-Path $env:SystemRoot "System32\WindowsPowerShell\v1.0\powershell.exe"
$sleeper = @("--", $shell, "-NoProfile", "-Command", "Start-Sleep 100000")
# Waits for its stop event, as a service without a console would, and says so.
# No double quotes in these: Windows PowerShell loses them on the way to a program.
$polite = '$right = [Security.AccessControl.EventWaitHandleRights]::Synchronize; ' +
    '$event = [Threading.EventWaitHandle]::OpenExisting($env:SUPERVISORD_STOP_EVENT, $right); ' +
    'echo waiting; [void]$event.WaitOne(); echo finished; exit 0'
# Has a child, so that there is a tree.
$tree = 'Start-Process -NoNewWindow ping.exe ''-n 100000 127.0.0.1''; Start-Sleep 100000'

try {
    New-Item -ItemType Directory -Path $Bin | Out-Null
    Copy-Item (Join-Path $Programs "supervisord.exe"), (Join-Path $Programs "svcctl.exe") $Bin

    Step "install registers the service" { Supervisord "install" | Out-Null; if ((Get-Service $Name).StartType -ne "Automatic") { "it is not automatic" } }
    Step "install twice changes nothing" { if ((Supervisord "install") -notmatch "nothing changed") { "it changed something" } }
    Step "its failure actions restart it" { if ((sc.exe qfailure $Name | Out-String) -notmatch "RESTART") { "no restart action" } }
    Step "they count for exit codes as well" { if ((sc.exe qfailureflag $Name | Out-String) -notmatch "TRUE") { "the flag is not set" } }
    Step "start starts it" { Supervisord "start" | Out-Null; Await "an answer" { DaemonPid } }
    Step "the state folder opens to no user" {
        $users = (Get-Acl (Join-Path $Base "state")).Access | Where-Object { $_.IdentityReference.Translate([Security.Principal.SecurityIdentifier]).Value -eq "S-1-5-32-545" }
        if ($users) { "Users have $($users.FileSystemRights)" }
    }

    Step "add starts a service" { Svcctl (@("add", "sleeper") + $sleeper) | Out-Null; if ((Row "sleeper").state -ne "up") { "it is not up" } }
    Step "a service has a tree" {
        Svcctl @("add", "tree", "--", $shell, "-NoProfile", "-Command", $tree) | Out-Null
        $parent = (Row "tree").pid
        Await "its child" { Get-CimInstance Win32_Process -Filter "ParentProcessId = $parent and Name = 'PING.EXE'" }
    }
    Step "stop asks by the stop event" {
        Svcctl @("add", "polite", "--", $shell, "-NoProfile", "-Command", $polite) | Out-Null
        Await "it to wait" { (Svcctl @("logs", "polite")) -match "waiting" }
        Svcctl @("stop", "polite") | Out-Null
        if ((Svcctl @("logs", "polite")) -notmatch "finished") { "it was not told" }
    }
    Step "stop sends Ctrl-Break" {
        Svcctl @("add", "pinger", "--", (Join-Path $env:SystemRoot "System32\ping.exe"), "-t", "127.0.0.1") | Out-Null
        Await "it to ping" { (Svcctl @("logs", "pinger")) -match "127\.0\.0\.1" }
        # On Ctrl-Break ping.exe prints its statistics and goes on; only a request makes it do so.
        Svcctl @("stop", "--no-wait", "pinger") | Out-Null
        Await "its statistics" { (Svcctl @("logs", "pinger")) -match "(?i)(sent|gesendet|envoy|enviados)" } 15
    }
    Step "stop ends the whole tree" {
        $parent = (Row "tree").pid
        $child = Get-CimInstance Win32_Process -Filter "ParentProcessId = $parent and Name = 'PING.EXE'"
        Svcctl @("stop", "tree") | Out-Null
        if (Get-Process -Id $child.ProcessId -ErrorAction SilentlyContinue) { "the child lives" }
    }
    Step "an exit code of Windows' own is named" {
        Svcctl @("add", "--no-wait", "crash", "--", (Join-Path $env:SystemRoot "System32\cmd.exe"), "/c", "exit -1073741819") | Out-Null
        Await "its end" { (& $Client --base $Base status crash | Out-String) -match "STATUS_ACCESS_VIOLATION" }
        Svcctl @("remove", "crash") | Out-Null
    }

    Step "a killed daemon is started again and finds its services" {
        $daemonBefore = DaemonPid
        $sleeperBefore = (Row "sleeper").pid
        Stop-Process -Id $daemonBefore -Force
        Await "the next daemon" { (DaemonPid) -ne $daemonBefore }
        if ((Row "sleeper").pid -ne $sleeperBefore) { "the service is another process" }
    }
    Step "what it found again it can stop, tree and all" {
        Svcctl @("start", "tree") | Out-Null
        $parent = (Row "tree").pid
        Await "its child" { Get-CimInstance Win32_Process -Filter "ParentProcessId = $parent and Name = 'PING.EXE'" }
        $child = Get-CimInstance Win32_Process -Filter "ParentProcessId = $parent and Name = 'PING.EXE'"
        $before = DaemonPid
        Stop-Process -Id $before -Force
        Await "the next daemon" { (DaemonPid) -ne $before }
        Svcctl @("stop", "tree") | Out-Null
        if (Get-Process -Id $child.ProcessId -ErrorAction SilentlyContinue) { "the child lives" }
    }
    Step "upgrade replaces the program and no service" {
        $before = DaemonPid
        $sleeperBefore = (Row "sleeper").pid
        Rename-Item $Daemon "supervisord.old.exe"
        Copy-Item (Join-Path $Programs "supervisord.exe") $Daemon
        Svcctl @("upgrade") | Out-Null
        Await "the next daemon" { (DaemonPid) -ne $before }
        if ((Row "sleeper").pid -ne $sleeperBefore) { "the service is another process" }
    }
    Step "another program is refused as an upgrade of a service" { Svcctl @("upgrade", $Client) 1 | Out-Null }

    Step "stop stops it with all its services" {
        $sleeper = (Row "sleeper").pid
        Supervisord "stop" | Out-Null
        if (Get-Process -Id $sleeper -ErrorAction SilentlyContinue) { "a service lives" }
    }
    Step "status says that it does not run" { Supervisord "status" 3 | Out-Null }
    Step "a stop sticks over a restart, and the rest comes back" {
        Supervisord "start" | Out-Null
        Await "sleeper" { (Row "sleeper").state -eq "up" }
        if ((Row "tree").state -ne "down") { "tree was started" }
    }
    Step "remove takes it out" { Supervisord "remove" | Out-Null; if (Get-Service $Name -ErrorAction SilentlyContinue) { "it is still there" } }
    Step "for a user it is written down for the logon, started, stopped and removed" {
        $run = "HKCU:\Software\Microsoft\Windows\CurrentVersion\Run"
        foreach ($verb in "install", "start", "status", "stop", "remove") {
            Run $Daemon @($verb, "--user", "--base", $Base, "--name", $Name) | Out-Null
            $is = [bool](Get-ItemProperty $run -Name $Name -ErrorAction SilentlyContinue)
            if ($is -eq ($verb -eq "remove")) { "after $verb it is wrong in the registry" }
        }
    }
} finally {
    & $Daemon remove --user --base $Base --name $Name | Out-Null
    if (Get-Service $Name -ErrorAction SilentlyContinue) { & $Daemon remove --base $Base --name $Name | Out-Null }
    Remove-Item -Recurse -Force $Base -ErrorAction SilentlyContinue
}

Write-Host "$script:Failed failed"
exit $script:Failed
