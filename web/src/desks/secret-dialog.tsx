import { useState } from 'preact/hooks';
import { Button } from '../parts/button.tsx';
import { Dialog } from '../parts/dialog.tsx';

interface SecretDialogProps {
  readonly secret: string;
  readonly onClose: () => void;
}

/** Shows a signing secret, the only time. */
export function SecretDialog({ secret, onClose }: SecretDialogProps) {
  const [said, setSaid] = useState('');
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(secret);
      setSaid('Copied.');
    } catch {
      setSaid('Your browser does not allow it: mark the secret and copy it by hand.');
    }
  };
  return (
    <Dialog title="The webhook’s secret" onClose={onClose}>
      <p>
        <strong>It is shown only now.</strong> Your system checks with it that messages are ours.
      </p>
      <code class="desk-secret" data-testid="secret">
        {secret}
      </code>
      <p class="hint" role="status">
        {said}
      </p>
      <div class="row">
        <Button look="primary" onClick={() => void copy()}>
          Copy
        </Button>
        <Button onClick={onClose}>I have kept it</Button>
      </div>
    </Dialog>
  );
}
